from llama_index.llms.openai_like import OpenAILike

model = OpenAILike(
    api_base="http://localhost:8080/v1", api_key="any", model="any", temperature=0,
)
continued = model.complete("The capital of France is").text
continued_pieces = [piece.delta for piece in model.stream_complete("The capital of France is")]
