namespace Proxy.Configuration.Reading;

/// <summary>Marks a value that never appears in a response, a log line or a message.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
