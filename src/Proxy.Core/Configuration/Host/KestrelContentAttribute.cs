using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Marks the section that Kestrel reads.</summary>
internal sealed class KestrelContentAttribute : ForeignContentAttribute
{
    public override IContentPlace Places => KestrelPlace.Root;
}
