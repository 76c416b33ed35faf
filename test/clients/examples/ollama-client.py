from ollama import Client

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
client = Client(host="http://localhost:8080")
vectors = client.embed(model="any", input=texts).embeddings
query_vector = client.embed(model="any", input="hello").embeddings[0]
names = [model.model for model in client.list().models]
