from langchain_core.prompts import PromptTemplate
from langchain_huggingface import HuggingFaceEndpoint

prompt = PromptTemplate.from_template(
    "Question: {question}\n\nAnswer: Let's think step by step.",
)
llm = HuggingFaceEndpoint(endpoint_url="http://localhost:8080", top_k=1)
chain = prompt | llm.bind(stop=["\n\n"])
questions = [{"question": f"What is the number {n} in French?"} for n in (1, 2, 3, 4)]
french = chain.batch(questions)
continued_pieces = list(llm.stream("The capital of France is", stop=["</s>"]))
