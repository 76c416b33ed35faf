from llama_index.embeddings.huggingface_api import HuggingFaceInferenceAPIEmbedding

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embedding = HuggingFaceInferenceAPIEmbedding(
    model_name="http://localhost:8080", headers={"Connection": "close"},
)
vectors = embedding.get_text_embedding_batch(texts)
query_vector = embedding.get_query_embedding("hello")
