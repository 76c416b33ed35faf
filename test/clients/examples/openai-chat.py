from openai import OpenAI

client = OpenAI(base_url="http://localhost:8080/v1", api_key="any")
messages = [{"role": "user", "content": "What is the capital of France?"}]
question = {"model": "any", "messages": messages, "temperature": 0}
said = client.chat.completions.create(**question).choices[0].message.content
events = client.chat.completions.create(**question, stream=True)
pieces = [event.choices[0].delta.content or "" for event in events]
