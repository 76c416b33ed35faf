from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Place(BaseModel):
    town: str
    country: str


def weather(town: str) -> str:
    """The weather in a town."""
    return "sunny"


model = ChatOpenAI(
    base_url="http://localhost:8080/v1", api_key="any", model="any", temperature=0,
)
record = model.with_structured_output(Place).invoke("Describe Paris.").model_dump()
asked = model.bind_tools([weather]).invoke("What is the weather in Paris?")
calls = [[call["name"], call["args"]] for call in asked.tool_calls]
agent = create_agent(model, tools=[weather])
asked = {"messages": [{"role": "user", "content": "What is the weather in Paris?"}]}
told = agent.invoke(asked)["messages"][-1].content
