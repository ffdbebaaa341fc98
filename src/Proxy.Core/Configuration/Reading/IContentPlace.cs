namespace Proxy.Configuration.Reading;

/// <summary>A place in a section that the records do not describe, but whose keys are known.</summary>
internal interface IContentPlace
{
    /// <summary>Whether a value at this place is shown.</summary>
    bool IsShown { get; }

    /// <summary>The place below a key.</summary>
    IContentPlace Child(string key);
}
