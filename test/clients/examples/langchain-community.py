from langchain_community.embeddings import HuggingFaceInferenceAPIEmbeddings

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embeddings = HuggingFaceInferenceAPIEmbeddings(
    api_url="http://localhost:8080/pipeline/feature-extraction", api_key="any",
)
vectors = embeddings.embed_documents(texts)
query_vector = embeddings.embed_query("hello")
