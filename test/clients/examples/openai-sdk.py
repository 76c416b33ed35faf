from openai import OpenAI

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
client = OpenAI(base_url="http://localhost:8080/v1", api_key="any")
answer = client.embeddings.create(model="any", input=texts)
vectors = [item.embedding for item in answer.data]
query_vector = client.embeddings.create(model="any", input="hello").data[0].embedding
names = [model.id for model in client.models.list()]
