from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

model = OpenAILike(
    api_base="http://localhost:8080/v1", api_key="any", model="any", is_chat_model=True,
    temperature=0,
)
messages = [ChatMessage("What is the capital of France?")]
said = model.chat(messages).message.content
pieces = [piece.delta for piece in model.stream_chat(messages)]
