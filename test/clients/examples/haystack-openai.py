from haystack import Document, Pipeline
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import Secret

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
server = {"api_base_url": "http://localhost:8080/v1", "api_key": Secret.from_token("any")}
store = InMemoryDocumentStore(embedding_similarity_function="cosine")
indexing = Pipeline()
indexing.add_component("embedder", OpenAIDocumentEmbedder(**server))
indexing.add_component("writer", DocumentWriter(store))
indexing.connect("embedder", "writer")
indexing.run({"embedder": {"documents": [Document(content=text) for text in texts]}})
vectors = [document.embedding for document in store.filter_documents()]

asking = Pipeline()
asking.add_component("embedder", OpenAITextEmbedder(**server))
asking.add_component("retriever", InMemoryEmbeddingRetriever(store))
asking.connect("embedder.embedding", "retriever.query_embedding")
answer = asking.run({"embedder": {"text": "hello"}}, include_outputs_from={"embedder"})
best = answer["retriever"]["documents"][0].content
query_vector = answer["embedder"]["embedding"]
