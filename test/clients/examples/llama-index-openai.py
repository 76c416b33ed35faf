from llama_index.embeddings.openai import OpenAIEmbedding

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embedding = OpenAIEmbedding(
    api_base="http://localhost:8080/v1", api_key="any", model_name="any",
)
vectors = embedding.get_text_embedding_batch(texts)
query_vector = embedding.get_query_embedding("hello")
