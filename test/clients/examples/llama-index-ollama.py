from llama_index.core.llms import ChatMessage
from llama_index.llms.ollama import Ollama

model = Ollama(base_url="http://localhost:8080", model="any", temperature=0)
messages = [ChatMessage("What is the capital of France?")]
said = model.chat(messages).message.content
pieces = [piece.delta for piece in model.stream_chat(messages)]
