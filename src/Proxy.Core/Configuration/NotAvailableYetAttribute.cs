namespace Proxy.Configuration;

/// <summary>Marks a key or value of the contract that is refused by name until it is built.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class NotAvailableYetAttribute : Attribute;
