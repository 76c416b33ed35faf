from langchain_openai import OpenAIEmbeddings

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
embeddings = OpenAIEmbeddings(
    base_url="http://localhost:8080/v1", api_key="any", model="any",
    check_embedding_ctx_length=False,  # else it sends the token ids of a model of OpenAI's
)
vectors = embeddings.embed_documents(texts)
query_vector = embeddings.embed_query("hello")
