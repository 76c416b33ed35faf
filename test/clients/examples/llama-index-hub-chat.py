from llama_index.core.llms import ChatMessage
from llama_index.llms.huggingface_api import HuggingFaceInferenceAPI

model = HuggingFaceInferenceAPI(
    model_name="http://localhost:8080", task="conversational", temperature=0.01,
)
messages = [ChatMessage("What is the capital of France?")]
said = model.chat(messages).message.content
pieces = [piece.delta for piece in model.stream_chat(messages)]
