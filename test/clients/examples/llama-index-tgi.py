from llama_index.llms.text_generation_inference import TextGenerationInference

model = TextGenerationInference(model_url="http://localhost:8080", model_name="any")
said = model.complete("What is the capital of France?").text
