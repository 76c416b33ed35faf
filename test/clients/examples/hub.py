from huggingface_hub import InferenceClient

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
client = InferenceClient(base_url="http://localhost:8080", token="any")
vectors = client.feature_extraction(texts)
query_vector = client.feature_extraction("hello")[0]
similarities = client.sentence_similarity("hello", other_sentences=texts)
