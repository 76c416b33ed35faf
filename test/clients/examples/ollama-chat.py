from ollama import Client

client = Client(host="http://localhost:8080")
messages = [{"role": "user", "content": "What is the capital of France?"}]
question = {"model": "any", "messages": messages, "options": {"temperature": 0}}
said = client.chat(**question).message.content
pieces = [event.message.content for event in client.chat(**question, stream=True)]
