namespace Proxy.Configuration;

/// <summary>Marks a timeout or limit that "None" switches off.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllowNoneAttribute : Attribute;
