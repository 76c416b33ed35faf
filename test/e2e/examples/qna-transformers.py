import weaviate
from weaviate.classes.config import Configure, DataType, Property

with weaviate.connect_to_local() as client:
    notes = client.collections.create(
        "Note", properties=[Property(name="text", data_type=DataType.TEXT)],
        vector_config=Configure.Vectors.text2vec_transformers(inference_url="http://t2v:8080"),
    )
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = client.graphql_raw_query("""{Get{Note(limit: 3
        ask: {question: "Where is Berlin?", properties: ["text"], rerank: true}) {
            text _additional {answer {result certainty property startPosition endPosition}}
        }}}""").get["Note"]
    answers = {note["text"]: note["_additional"]["answer"] for note in found}
