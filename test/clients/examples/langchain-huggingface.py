from huggingface_hub import InferenceClient
from langchain_huggingface import HuggingFaceEndpointEmbeddings

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embeddings = HuggingFaceEndpointEmbeddings(model="any/any", huggingfacehub_api_token="any")
embeddings.client = InferenceClient(model="http://localhost:8080")  # it takes no URL itself
vectors = embeddings.embed_documents(texts)
query_vector = embeddings.embed_query("hello")
