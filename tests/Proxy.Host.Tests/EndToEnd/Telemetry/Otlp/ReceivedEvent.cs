namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>An event of a span.</summary>
internal sealed record ReceivedEvent(string Name, Dictionary<string, object?> Tags);
