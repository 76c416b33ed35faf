from huggingface_hub import InferenceClient

client = InferenceClient(base_url="http://localhost:8080", token="any")
labels = client.text_classification("a good hotel")
