// Stands for a package of Grafana's that draws a button, which no test looks at.
export const QueryWithAssistantButton = () => null;
