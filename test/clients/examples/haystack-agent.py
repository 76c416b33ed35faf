from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import create_tool_from_function
from haystack.utils import Secret


def weather(town: str) -> str:
    """The weather in a town."""
    return "sunny"


generator = OpenAIChatGenerator(
    model="any", api_base_url="http://localhost:8080/v1", api_key=Secret.from_token("any"),
    generation_kwargs={"temperature": 0},
)
agent = Agent(chat_generator=generator, tools=[create_tool_from_function(weather)])
answer = agent.run(messages=[ChatMessage.from_user("What is the weather in Paris?")])
told = answer["last_message"].text
