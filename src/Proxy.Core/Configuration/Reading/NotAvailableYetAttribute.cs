namespace Proxy.Configuration.Reading;

/// <summary>Marks keys or values that are planned. Until they are available, they are refused by name and never ignored.</summary>
/// <param name="keys">On a record, the refused keys; empty on an enum member, which is refused itself.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Field)]
internal sealed class NotAvailableYetAttribute(params string[] keys) : Attribute
{
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>
/// Marks a key that names something which an application registers in code. The program, which reads whole documents, has no such code:
/// there the key counts as not available yet, because YARP would fail each request or ignore the name silently.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NeedsCodeAttribute : Attribute;

/// <summary>Marks a timeout or limit that may be "None".</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllowNoneAttribute : Attribute;

/// <summary>Marks a duration that may be zero.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllowZeroAttribute : Attribute;

/// <summary>Marks a list whose only item may be written without the list.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOrListAttribute : Attribute;

/// <summary>Marks a section that other code reads and of which no key is known.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FreeContentAttribute : Attribute;

/// <summary>Marks an object to which other code may add keys, which that code checks.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OthersAddKeysAttribute : Attribute;
