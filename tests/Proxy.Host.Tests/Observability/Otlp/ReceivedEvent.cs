namespace Proxy.Host.Tests.Observability.Otlp;

/// <summary>An event of a span.</summary>
internal sealed record ReceivedEvent(string Name, Dictionary<string, object?> Tags);
