from langchain_classic.agents import AgentExecutor, create_react_agent
from langchain_core.prompts import PromptTemplate
from langchain_core.tools import tool
from langchain_huggingface import HuggingFaceEndpoint


@tool
def weather(town: str) -> str:
    """The weather in a town."""
    return "sunny"


prompt = PromptTemplate.from_template("""Answer the question with these tools:
{tools}

Question: the question
Thought: what to do
Action: one of {tool_names}
Action Input: its input
Observation: its result
Thought: I know the answer.
Final Answer: the answer

Question: {input}
Thought:{agent_scratchpad}""")
llm = HuggingFaceEndpoint(endpoint_url="http://localhost:8080", top_k=1)
agent = create_react_agent(llm, [weather], prompt)  # its stop string is "\nObservation"
executor = AgentExecutor(
    agent=agent, tools=[weather], stream_runnable=False, return_intermediate_steps=True,
)
answer = executor.invoke({"input": "What is the weather in Paris?"})
calls = [[step.tool, {"town": step.tool_input}] for step, _ in answer["intermediate_steps"]]
told = answer["output"]
