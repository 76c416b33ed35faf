from langchain_ollama import OllamaEmbeddings

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embeddings = OllamaEmbeddings(base_url="http://localhost:8080", model="any")
vectors = embeddings.embed_documents(texts)
query_vector = embeddings.embed_query("hello")
