from huggingface_hub import InferenceClient

client = InferenceClient(base_url="http://localhost:8080", token="any")
prompt = "The capital of France is"
continued = client.text_generation(prompt)
ended = client.text_generation(prompt, details=True).details.finish_reason
events = client.text_generation(prompt, stream=True, details=True)
continued_pieces = [event.token.text for event in events if not event.token.special]
