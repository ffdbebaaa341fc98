namespace Proxy.Configuration.Reading;

/// <summary>Says where a key belongs that is often looked for in this record.</summary>
/// <param name="key">The key.</param>
/// <param name="hint">What to write instead.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class WrittenElsewhereAttribute(string key, string hint) : Attribute
{
    /// <summary>The key.</summary>
    public string Key => key;

    /// <summary>What to write instead.</summary>
    public string Hint => hint;
}
