namespace Proxy.Configuration.Reading;

/// <summary>Names what the contract promises for later; until then it is refused by name, never ignored.</summary>
/// <param name="keys">On a record: the keys that are refused. Empty on an enum member, which is refused itself.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Field)]
internal sealed class NotAvailableYetAttribute(params string[] keys) : Attribute
{
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>
/// A key that names what an application registers in code. The program that reads whole documents has no such code: there it is
/// not available yet, because YARP would fail each request or pass over the name in silence.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NeedsCodeAttribute : Attribute;

/// <summary>A key of which only one value is available yet.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OnlyAvailableAttribute(string value) : Attribute
{
    public string Value { get; } = value;
}

/// <summary>A timeout or limit that may be "None".</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllowNoneAttribute : Attribute;

/// <summary>A duration that may be zero.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AllowZeroAttribute : Attribute;

/// <summary>A list that may be written as a single value.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class StringOrListAttribute : Attribute;

/// <summary>A section whose content belongs to others.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal class FreeContentAttribute : Attribute
{
    /// <summary>Which of its keys are known; null when none is.</summary>
    public virtual IContentPlace? Places => null;
}

/// <summary>An object to which others add keys of their own, which are theirs to check.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OthersAddKeysAttribute : Attribute;
