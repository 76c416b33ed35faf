import weaviate
from weaviate.classes.config import Configure, DataType, Property
from weaviate.classes.query import Rerank

with weaviate.connect_to_local(headers={"X-Cohere-Api-Key": "any"}) as client:
    notes = client.collections.create(
        "Note", properties=[Property(name="text", data_type=DataType.TEXT)],
        vector_config=Configure.Vectors.text2vec_transformers(inference_url="http://t2v:8080"),
        reranker_config=Configure.Reranker.cohere(model="any", base_url="http://t2v:8080"),
    )
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = notes.query.near_text(
        "towns", limit=3, rerank=Rerank(prop="text", query="Cities in France"),
    ).objects
    scores = {note.properties["text"]: note.metadata.rerank_score for note in found}
