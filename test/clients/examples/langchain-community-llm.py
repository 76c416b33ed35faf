from langchain_community.llms import HuggingFaceTextGenInference

llm = HuggingFaceTextGenInference(inference_server_url="http://localhost:8080", top_k=1)
continued = llm.invoke("The capital of France is")
continued_pieces = list(llm.stream("The capital of France is"))
