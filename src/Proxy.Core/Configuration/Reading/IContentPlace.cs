namespace Proxy.Configuration.Reading;

/// <summary>A place in a section whose content our records do not describe, but whose keys are known all the same.</summary>
internal interface IContentPlace
{
    /// <summary>Whether a value that stands here is shown.</summary>
    bool IsShown { get; }

    /// <summary>The place below a key.</summary>
    IContentPlace Child(string key);
}
