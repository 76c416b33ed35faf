from ollama import Client

client = Client(host="http://localhost:8080")
prompt = {"model": "any", "prompt": "The capital of France is", "raw": True}
greedy = {"temperature": 0}
continued = client.generate(**prompt, options=greedy).response
events = client.generate(**prompt, options=greedy, stream=True)
continued_pieces = [event.response for event in events]
