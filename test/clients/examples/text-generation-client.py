from text_generation import Client

client = Client("http://localhost:8080")
answer = client.generate("The capital of France is")
continued, ended = answer.generated_text, answer.details.finish_reason
events = client.generate_stream("The capital of France is")
continued_pieces = [event.token.text for event in events if not event.token.special]
