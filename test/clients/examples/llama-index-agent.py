import asyncio

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.llms.openai_like import OpenAILike


def weather(town: str) -> str:
    """The weather in a town."""
    return "sunny"


async def ask(question: str) -> str:
    model = OpenAILike(
        api_base="http://localhost:8080/v1", api_key="any", model="any", temperature=0,
        is_chat_model=True, is_function_calling_model=True,
    )
    return str(await FunctionAgent(tools=[weather], llm=model).run(question))


told = asyncio.run(ask("What is the weather in Paris?"))
