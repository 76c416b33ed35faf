from huggingface_hub import InferenceClient

client = InferenceClient(base_url="http://localhost:8080", token="any")
span = client.question_answering(
    question="Where do I live?", context="My name is Sarah and I live in London.",
)
