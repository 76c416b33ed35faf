from langchain_openai import ChatOpenAI

model = ChatOpenAI(
    base_url="http://localhost:8080/v1", api_key="any", model="any", temperature=0,
)
said = model.invoke("What is the capital of France?").content
pieces = [piece.content for piece in model.stream("What is the capital of France?")]
