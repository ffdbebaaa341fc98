namespace Proxy.Configuration.Reading;

/// <summary>A value that is never shown: no answer, no log line and no message has it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
