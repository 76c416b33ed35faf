import weaviate
from weaviate.classes.config import Configure, DataType, Property

with weaviate.connect_to_local() as client:
    notes = client.collections.create(
        "Note", properties=[Property(name="text", data_type=DataType.TEXT)],
        vector_config=Configure.Vectors.text2vec_transformers(inference_url="http://t2v:8080"),
    )
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = client.graphql_raw_query("""{Get{Note {
        text _additional {tokens(properties: ["text"]) {
            entity certainty word startPosition endPosition
        }}}}}""").get["Note"]
    tokens = {note["text"]: note["_additional"]["tokens"] for note in found}
