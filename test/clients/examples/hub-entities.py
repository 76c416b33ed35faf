from huggingface_hub import InferenceClient

text = "The London Eye is a ferris wheel at the River Thames."
client = InferenceClient(base_url="http://localhost:8080", token="any")
entities = client.token_classification(text)
groups = client.token_classification(text, aggregation_strategy="simple")
