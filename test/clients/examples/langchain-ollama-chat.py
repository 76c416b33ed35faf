from langchain_ollama import ChatOllama
from pydantic import BaseModel


class Place(BaseModel):
    town: str
    country: str


def weather(town: str) -> str:
    """The weather in a town."""
    return "sunny"


model = ChatOllama(base_url="http://localhost:8080", model="any", temperature=0)
said = model.invoke("What is the capital of France?").content
pieces = [piece.content for piece in model.stream("What is the capital of France?")]
record = model.with_structured_output(Place).invoke("Describe Paris.").model_dump()
asked = model.bind_tools([weather]).invoke("What is the weather in Paris?")
calls = [[call["name"], call["args"]] for call in asked.tool_calls]
