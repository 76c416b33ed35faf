from huggingface_hub import InferenceClient

client = InferenceClient(base_url="http://localhost:8080", token="any")
messages = [{"role": "user", "content": "What is the capital of France?"}]
said = client.chat_completion(messages, temperature=0).choices[0].message.content
events = client.chat_completion(messages, temperature=0, stream=True)
pieces = [event.choices[0].delta.content or "" for event in events]
