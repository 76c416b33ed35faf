from langchain_core.messages import HumanMessage, SystemMessage
from langchain_huggingface import ChatHuggingFace, HuggingFaceEndpoint

llm = HuggingFaceEndpoint(endpoint_url="http://localhost:8080", temperature=0.01)
model = ChatHuggingFace(llm=llm)
messages = [
    SystemMessage("You are a helpful assistant."),
    HumanMessage("What is the capital of France?"),
]
said = model.invoke(messages).content
pieces = [piece.content for piece in model.stream(messages)]
