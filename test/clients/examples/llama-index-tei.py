from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embedding = TextEmbeddingsInference(base_url="http://localhost:8080", model_name="any")
vectors = embedding.get_text_embedding_batch(texts)
query_vector = embedding.get_query_embedding("hello")
