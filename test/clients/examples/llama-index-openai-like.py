from llama_index.embeddings.openai_like import OpenAILikeEmbedding

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embedding = OpenAILikeEmbedding(
    api_base="http://localhost:8080/v1", api_key="any", model_name="any",
)
vectors = embedding.get_text_embedding_batch(texts)
query_vector = embedding.get_query_embedding("hello")
